"""What a recurrent layer is: the equations of its cell, and the layers of a module."""
