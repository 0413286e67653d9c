// SHA-256 by the CPU's instructions (FEAT_SHA256). kernel/Formats/Sha256.cs has the portable code and the rest.

.arch_extension sha2

// Four rounds with the words in w0, which then become the four words that are needed 16 rounds later.
.macro four_rounds k, w0, w1, w2, w3
    add     v2.4s, \w0\().4s, \k\().4s
    mov     v3.16b, v0.16b
    sha256su0 \w0\().4s, \w1\().4s
    sha256h q0, q1, v2.4s
    sha256h2 q1, q3, v2.4s
    sha256su1 \w0\().4s, \w2\().4s, \w3\().4s
.endm

// The same for the last 16 rounds, behind which no words are needed.
.macro last_rounds k, w0
    add     v2.4s, \w0\().4s, \k\().4s
    mov     v3.16b, v0.16b
    sha256h q0, q1, v2.4s
    sha256h2 q1, q3, v2.4s
.endm

.section .text.runtime, "ax"

// sha256_blocks(x0 state: a to h, x1 data, w2 number of blocks of 64 bytes: at least 1). Uses q0-q7 and q16-q31: only
// where no guest's SIMD state is live. q0, q1: the state; q4-q7: the next 16 words; q16-q31: the constants.
.global sha256_blocks
sha256_blocks:
    adr     x3, constants
    ld1     {v16.4s-v19.4s}, [x3], #64
    ld1     {v20.4s-v23.4s}, [x3], #64
    ld1     {v24.4s-v27.4s}, [x3], #64
    ld1     {v28.4s-v31.4s}, [x3]
    ldp     q0, q1, [x0]
1:  ld1     {v4.16b-v7.16b}, [x1], #64
    rev32   v4.16b, v4.16b
    rev32   v5.16b, v5.16b
    rev32   v6.16b, v6.16b
    rev32   v7.16b, v7.16b
    four_rounds v16, v4, v5, v6, v7
    four_rounds v17, v5, v6, v7, v4
    four_rounds v18, v6, v7, v4, v5
    four_rounds v19, v7, v4, v5, v6
    four_rounds v20, v4, v5, v6, v7
    four_rounds v21, v5, v6, v7, v4
    four_rounds v22, v6, v7, v4, v5
    four_rounds v23, v7, v4, v5, v6
    four_rounds v24, v4, v5, v6, v7
    four_rounds v25, v5, v6, v7, v4
    four_rounds v26, v6, v7, v4, v5
    four_rounds v27, v7, v4, v5, v6
    last_rounds v28, v4
    last_rounds v29, v5
    last_rounds v30, v6
    last_rounds v31, v7
    ldp     q2, q3, [x0]
    add     v0.4s, v0.4s, v2.4s
    add     v1.4s, v1.4s, v3.4s
    stp     q0, q1, [x0]
    subs    w2, w2, #1
    b.ne    1b
    ret

.align 4
constants:                              // FIPS 180-4, 4.2.2
    .word   0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5
    .word   0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174
    .word   0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da
    .word   0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967
    .word   0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85
    .word   0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070
    .word   0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3
    .word   0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
