namespace SharpVisor.Interrupts;

/// <summary>What a virtual GIC needs of the machine around it.</summary>
public abstract class GicEnvironment
{
    /// <summary>
    /// Makes the CPU of a running VCpu call <see cref="VirtualGic.ServiceRequests"/> soon, after everything that the
    /// caller has stored. A VCpu that left its CPU meanwhile has nothing to do for it.
    /// </summary>
    public abstract void Kick(int vcpu);

    /// <summary>There is something for a VCpu that is on no CPU: if it sleeps, it must not any longer.</summary>
    public virtual void Wake(int vcpu)
    {
    }

    /// <summary>
    /// Whoever asked for it (<see cref="VirtualGic.SetTraced"/>) is told of an interrupt that goes into a list register of
    /// the calling CPU, but for those of hardware.
    /// </summary>
    public virtual void NoteInjection(int vcpu, uint interrupt)
    {
    }

    /// <summary>Whether a private interrupt with hardware behind it is asserted, as the calling CPU sees it.</summary>
    /// <param name="interrupt">The guest's INTID, 16 to 31.</param>
    public abstract bool IsHardwareAsserted(uint interrupt);

    /// <summary>
    /// Called again and again while a caller waits for the lock or for a recall. Where VMs send each other interrupts,
    /// so that a CPU may wait for the GIC of a VM that it does not run, it calls <see cref="VirtualGic.AnswerRecall"/>
    /// for the VCpu that it does run, or two VMs could wait for each other.
    /// </summary>
    public virtual void WhileWaiting()
    {
    }
}
