"""What is said between the control API and its clients: filters, values and errors."""
