"""How findings are reported: text, JSON, JUnit XML, SARIF."""
