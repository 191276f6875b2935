"""The shipped int8 models, each a .tflite with its card (.json), and the code that trusts them."""
