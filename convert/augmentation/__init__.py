"""What a training example may look or sound like on a device."""
