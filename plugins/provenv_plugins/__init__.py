"""The built-in plugins: three operating systems, four accelerators, registered as a third party's are."""
