namespace SharpVisor.Drivers;

/// <summary>What a GPIO pin is used for: the values of GPFSEL (BCM2835 ARM Peripherals, 6.1).</summary>
public enum PinFunction
{
    Input = 0,
    Output = 1,
    Alternate5 = 2,
    Alternate4 = 3,
    Alternate0 = 4,
    Alternate1 = 5,
    Alternate2 = 6,
    Alternate3 = 7,
}
