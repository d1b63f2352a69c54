"""Issues: their life, checks and compilation into editions."""
