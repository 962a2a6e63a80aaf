"""What becomes of messages: one emulated operator without its sockets."""
