"""The data sets that networks are trained and judged on; the data itself stays outside."""
