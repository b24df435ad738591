"""Statistics of columns of numbers: numbers in, numbers out; nothing here knows a trace."""
