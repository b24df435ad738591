"""The documentation: sources stand beside what they document, the pages are a build output."""
