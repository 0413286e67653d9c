# What `make debug` does once gdb is attached and has the symbols: to the hypervisor's first line of C#.
set pagination off
set print pretty on
hbreak hypervisor_main
continue
