"""How good a network is: float against int8, in noise, on other data."""
