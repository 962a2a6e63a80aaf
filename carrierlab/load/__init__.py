"""A generated open-loop load: messages that are due when they are due, however the operators answer."""
