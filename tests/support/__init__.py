"""What tests of several parts share: tiny real distributions and a package index on loopback."""
