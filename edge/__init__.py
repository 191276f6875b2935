"""The device runtime: finds faces, names their emotions, logs locally. Never imports TensorFlow."""

__version__ = "0.1.0"
