"""What a run tells a person (console) and a program (JSON, JUnit XML)."""
