"""Make-believe servers: the lines that known stories leave in mail.log and ufw.log, each labelled.

Everything here is seeded: the same seed gives the same bytes. Addresses come from documentation
space (the server and its proper peers), 198.18.0.0/15, 240e:d9:d800:200::/64 and the network of
the well-known case, 212.70.149.0/24 (attackers).
"""
