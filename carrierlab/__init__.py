"""The harness: emulated operators, a workload, a timeline of faults, expectations, a report."""
