"""The public doors of the people's side."""
