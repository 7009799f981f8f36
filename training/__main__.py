"""`python -m keras_resnet.training` is `keras-resnet-train`."""

from keras_resnet.training.program import main

if __name__ == "__main__":
    main()
