"""The production SMPP sender: recipients, rendering, routing, durable queue, shaping, reports."""
