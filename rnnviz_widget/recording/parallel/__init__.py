"""Running a layer through many chunks of a text at once, and still exactly."""
