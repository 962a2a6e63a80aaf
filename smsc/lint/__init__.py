"""What a client does wrong, judged from the PDUs of its conversations."""
