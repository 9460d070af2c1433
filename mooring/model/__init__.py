"""Pure values of the host: no I/O, no clock, no library beyond the standard one."""
