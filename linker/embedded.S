// The guest that is there when no other is: tests/Guests/hello, an arm64 Image, packed by gzip.

.section .rodata.embedded, "a"
.balign 16
.global embedded_guest_start, embedded_guest_end
embedded_guest_start:
    .incbin "hello.img.gz"
embedded_guest_end:
