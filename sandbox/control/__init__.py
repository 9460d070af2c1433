"""What only a sandbox has: its clock, its changes, its faults and its record of what arrived."""
