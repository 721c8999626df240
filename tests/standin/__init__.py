"""A stand-in for hub and publishers on loopback, and a make-believe CUDA device, to test the gpu profile."""
