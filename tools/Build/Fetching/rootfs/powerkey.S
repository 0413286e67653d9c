// A program of the default guest: waits for the power key, which is a GPIO line that the kernel's cloud flavour has no
// driver of its own for, and ends the system as a person at the shell would. No libc, so that nothing has to be fetched.

.set OPENAT,        56
.set READ,          63
.set EXIT,          93
.set EXECVE,        221
.set IOCTL,         29
.set CURRENT_FOLDER, -100
.set READ_WRITE,    2

// linux/gpio.h: GPIO_GET_LINEEVENT_IOCTL and its struct gpioevent_request.
.set GET_LINE_EVENT_LOW, 0xb404
.set GET_LINE_EVENT_HIGH, 0xc030
.set REQUEST_FD,    44
.set REQUEST_INPUT, 1
.set RISING_EDGE,   1
.set POWER_KEY_LINE, 3
.set EVENT_SIZE,    16

.section .text
.global _start
_start:
    mov     x0, #CURRENT_FOLDER
    adr     x1, chip
    mov     x2, #READ_WRITE
    mov     x3, #0
    mov     x8, #OPENAT
    svc     #0
    tbnz    x0, #63, fail

    adrp    x19, request
    add     x19, x19, :lo12:request
    mov     w1, #GET_LINE_EVENT_LOW
    movk    w1, #GET_LINE_EVENT_HIGH, lsl #16
    mov     x2, x19
    mov     x8, #IOCTL
    svc     #0
    tbnz    x0, #63, fail

    ldr     w0, [x19, #REQUEST_FD]      // sleeps until the key goes down
    adrp    x1, event
    add     x1, x1, :lo12:event
    mov     x2, #EVENT_SIZE
    mov     x8, #READ
    svc     #0
    tbnz    x0, #63, fail

    adr     x0, poweroff
    adrp    x1, arguments
    add     x1, x1, :lo12:arguments
    str     x0, [x1]
    mov     x2, #0
    mov     x8, #EXECVE
    svc     #0

fail:
    mov     x0, #1
    mov     x8, #EXIT
    svc     #0

chip:
    .asciz  "/dev/gpiochip0"
poweroff:
    .asciz  "/bin/poweroff"

.section .data
.balign 8
request:
    .word   POWER_KEY_LINE
    .word   REQUEST_INPUT
    .word   RISING_EDGE
    .asciz  "power key"
    .space  22
    .word   0
event:
    .space  EVENT_SIZE
arguments:
    .quad   0
    .quad   0
