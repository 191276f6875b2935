"""The workstation side: train Keras networks, quantize them to int8, verify what was lost."""
