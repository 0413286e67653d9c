// The table of functions, which tools/Build makes after a first link: takes the place of the empty one in
// boot/runtime.S. kernel/Debug/Symbols.cs describes it.

.section .symbols, "a"
.balign 4
.global symbol_table
symbol_table:
    .incbin "symbols.bin"
