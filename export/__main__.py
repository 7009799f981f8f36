"""`python -m keras_resnet.export` is `keras-resnet-export`."""

from keras_resnet.export.program import main

if __name__ == "__main__":
    main()
