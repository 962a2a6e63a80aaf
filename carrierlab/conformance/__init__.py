"""The conformance checks of SMPP: black-box, over real octets, against any SMSC."""
