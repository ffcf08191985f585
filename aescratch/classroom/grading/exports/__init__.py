"""What learning platforms export, a file each: its names and tables, as what a student handed in at one time."""
