"""Recipients files of every kind, opened: delimited text, numbers alone, and the workbooks of spreadsheets."""
