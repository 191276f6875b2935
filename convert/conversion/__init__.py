"""From a trained network to an int8 .tflite with its card."""
