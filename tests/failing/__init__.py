"""What people see when the database, a disk or a folder fails."""
