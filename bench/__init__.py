"""The workloads behind ``evenkeel bench``, and the filled clinic that they and some tests share."""
