"""What an emulated operator decides; pure, no I/O."""
