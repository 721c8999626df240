"""A stand-in for the hub and the publishers on loopback, and a make-believe CUDA device, for the gpu profile's tests."""
