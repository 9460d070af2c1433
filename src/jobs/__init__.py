"""The connector's long work, in steps that can be interrupted at any moment."""
