using System.Runtime.CompilerServices;

namespace System
{
    public static class Math
    {
        public static int Min(int a, int b) => a < b ? a : b;

        public static uint Min(uint a, uint b) => a < b ? a : b;

        public static long Min(long a, long b) => a < b ? a : b;

        public static ulong Min(ulong a, ulong b) => a < b ? a : b;

        public static int Max(int a, int b) => a > b ? a : b;

        public static uint Max(uint a, uint b) => a > b ? a : b;

        public static long Max(long a, long b) => a > b ? a : b;

        public static ulong Max(ulong a, ulong b) => a > b ? a : b;

        /// <summary>The upper 64 bits of the 128-bit product (UMULH).</summary>
        public static ulong BigMul(ulong a, ulong b, out ulong low)
        {
            low = a * b;
            ulong lowProduct = (uint)a * (ulong)(uint)b;
            ulong middle = ((a >> 32) * (uint)b) + (lowProduct >> 32);
            ulong middleLow = ((uint)a * (b >> 32)) + (uint)middle;
            return ((a >> 32) * (b >> 32)) + (middle >> 32) + (middleLow >> 32);
        }
    }
}

namespace System.Numerics
{
    /// <summary>Bit tricks; the JIT turns the ones marked so into CLZ and RBIT.</summary>
    public static class BitOperations
    {
        [Intrinsic]
        public static int LeadingZeroCount(uint value) => LeadingZeroCount(value);

        [Intrinsic]
        public static int LeadingZeroCount(ulong value) => LeadingZeroCount(value);

        [Intrinsic]
        public static int TrailingZeroCount(uint value) => TrailingZeroCount(value);

        [Intrinsic]
        public static int TrailingZeroCount(ulong value) => TrailingZeroCount(value);

        [Intrinsic]
        public static uint RotateLeft(uint value, int offset) => (value << offset) | (value >> (32 - offset));

        [Intrinsic]
        public static ulong RotateLeft(ulong value, int offset) => (value << offset) | (value >> (64 - offset));

        [Intrinsic]
        public static uint RotateRight(uint value, int offset) => (value >> offset) | (value << (32 - offset));

        [Intrinsic]
        public static ulong RotateRight(ulong value, int offset) => (value >> offset) | (value << (64 - offset));

        public static int TrailingZeroCount(int value) => TrailingZeroCount((uint)value);

        public static int TrailingZeroCount(long value) => TrailingZeroCount((ulong)value);

        public static int Log2(uint value) => 31 - LeadingZeroCount(value | 1);

        public static int Log2(ulong value) => 63 - LeadingZeroCount(value | 1);

        public static int PopCount(uint value)
        {
            int count = 0;
            for (; value != 0; value &= value - 1)
            {
                count++;
            }

            return count;
        }

        public static bool IsPow2(uint value) => (value & (value - 1)) == 0 && value != 0;

        public static bool IsPow2(ulong value) => (value & (value - 1)) == 0 && value != 0;

        public static bool IsPow2(int value) => (value & (value - 1)) == 0 && value > 0;

        public static bool IsPow2(long value) => (value & (value - 1)) == 0 && value > 0;

        public static uint RoundUpToPowerOf2(uint value) =>
            value <= 1 ? value : (uint)(0x1_0000_0000ul >> LeadingZeroCount(value - 1));

        public static ulong RoundUpToPowerOf2(ulong value) =>
            value <= 1 ? value : LeadingZeroCount(value - 1) == 0 ? 0 : 1ul << (64 - LeadingZeroCount(value - 1));
    }
}
