"""`python -m keras_resnet.benchmarks` is `keras-resnet-benchmark`."""

from keras_resnet.benchmarks.program import main

if __name__ == "__main__":
    main()
