"""Commands for who debugs the hypervisor at EL2 with gdb; `make debug` loads them, `source tools/gdb/hv.py` does by hand.

Objects are read by physical address, which at EL2 is the virtual one, so that they are right wherever the CPUs stand: in the
hypervisor or in a guest. gdb learns the layout from the image's DWARF; statics are found by their symbols, because gdb does not
move their DWARF addresses along with an image that was loaded elsewhere.
"""

import os
import sys

import gdb

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from esr import describe_esr  # noqa: E402

PREFIX = "sharpvisor_SharpVisor_"
KINDS = ["exit", "entry", "interrupt", "injection", "arrives", "departs", "idle", "awake", "mark", "sample", "callers"]
STATES = ["absent", "blocked", "waiting", "throttled", "running"]
SYSTEM = {"SCTLR_EL1": 0, "TCR_EL1": 1, "TTBR0_EL1": 2, "TTBR1_EL1": 3, "ESR_EL1": 6, "FAR_EL1": 7, "ELR_EL1": 10, "SPSR_EL1": 11,
          "VBAR_EL1": 12, "SP_EL0": 17, "SP_EL1": 18}
RAM_START = 0x4000_0000
MASK48 = 0x0000_FFFF_FFFF_F000


class Trouble(Exception):
    """Something that the person at the prompt is to read."""


class Physical:
    """While it lasts, gdb reads physical memory, where the target is QEMU."""

    def __enter__(self):
        self._set(1)
        return self

    def __exit__(self, *unused):
        self._set(0)

    @staticmethod
    def _set(mode):
        try:
            gdb.execute(f"maintenance packet Qqemu.PhyMemMode:{mode}", to_string=True)
        except gdb.error:
            pass  # another target: then it has to stand at EL2
        for command in ("maintenance flush dcache", "flushregs"):
            try:
                gdb.execute(command, to_string=True)
                return
            except gdb.error:
                pass


def memory(address, length):
    try:
        return bytes(gdb.selected_inferior().read_memory(address, length))
    except gdb.MemoryError:
        raise Trouble(f"there is no memory at {address:#x}") from None


def word(address):
    return int.from_bytes(memory(address, 8), "little")


def type_of(name):
    try:
        return gdb.lookup_type(PREFIX + name)
    except gdb.error:
        raise Trouble("the hypervisor's symbols are missing: add-symbol-file build/sharpvisor.elf -o 0x40200000") from None


def symbol(name):
    try:
        return int(gdb.parse_and_eval(f"(unsigned long)&'{name}'"))
    except gdb.error:
        raise Trouble("the hypervisor's symbols are missing: add-symbol-file build/sharpvisor.elf -o 0x40200000") from None


def reference(owner, field):
    """A static field that refers to an object: its place is its order among those of the class."""
    statics = [f for f in type_of(owner).fields()
               if not hasattr(f, "bitpos") and f.type is not None and f.type.code == gdb.TYPE_CODE_REF]
    names = [f.name for f in statics]
    statics_object = word(symbol("__GCSTATICS" + PREFIX + owner))
    address = word(statics_object + 8 * (names.index(field) + 1))
    return at(statics[names.index(field)].type.target(), address) if address else None


def at(kind, address):
    return gdb.Value(address).cast(kind.pointer()).dereference()


def address_of(value):
    """Where the object lies that a reference or an object is."""
    return int(value.address.cast(gdb.lookup_type("long"))) & (2**64 - 1)


def get(value, name):
    """A field, also where it is a property's, or of a base class; references are followed, None for null."""
    for field in (name, f"<{name}>k__BackingField"):
        try:
            found = value[field]
            break
        except gdb.error:
            found = None
    if found is None:
        for base in value.type.strip_typedefs().fields():
            if base.is_base_class:
                return get(value.cast(base.type), name)
        raise Trouble(f"{value.type} has no field {name}: another version of the hypervisor")
    if found.type.code == gdb.TYPE_CODE_REF:
        where = address_of(found.referenced_value())
        return at(found.type.target(), where) if where else None
    return found


def number(value, name):
    return int(get(value, name))


def array(value):
    """The elements of an array of references (None for null) or of plain values."""
    length = int(value["m_NumComponents"])
    element = value["m_Data"].type.target() if value["m_Data"].type.code == gdb.TYPE_CODE_ARRAY else None
    start = address_of(value) + 16
    if element is not None and element.code == gdb.TYPE_CODE_REF:
        found = [word(start + 8 * i) for i in range(length)]
        return [at(element.target(), one) if one else None for one in found]
    kind = element
    return [at(kind, start + kind.sizeof * i) for i in range(length)]


def bytes_of(value):
    return memory(address_of(value) + 16, int(value["m_NumComponents"]))


def text_of(value):
    return bytes_of(value).decode("ascii", "replace")


def entries():
    table = reference("Machine_VmTable", "s_entries")
    if table is None:
        raise Trouble("the hypervisor has no virtual machines yet: let it run on")
    return [entry for entry in array(table) if entry is not None]


def name_of(entry):
    return text_of(get(get(entry, "Definition"), "Name"))


def find_vm(name):
    """A VM that has memory, by name or number."""
    known = entries()
    for entry in known:
        if name in (name_of(entry), str(number(entry, "Id"))):
            vm = get(entry, "_vm")
            if vm is None:
                raise Trouble(f"{name} is only defined: it has no memory and no VCpus")
            return vm
    names = ", ".join(name_of(entry) for entry in known)
    raise Trouble(f"there is no virtual machine '{name}'" + (f"; there are {names}" if names else ""))


def need_target():
    try:
        if gdb.selected_thread() is None:
            raise Trouble("there is no target: make debug starts one, or target remote ADDRESS")
    except gdb.error:
        raise Trouble("there is no target: make debug starts one, or target remote ADDRESS") from None


def parse(text, what):
    try:
        return int(text, 0)
    except ValueError:
        pass
    try:
        return int(gdb.parse_and_eval(text)) & (2**64 - 1)
    except gdb.error:
        raise Trouble(f"'{text}' is no {what}") from None


def vcpus_of(vm):
    return array(get(vm, "VCpus"))


def resident(vcpu):
    """The CPU whose registers hold its state, or None."""
    cpu = get(vcpu, "_residentOn")
    return None if cpu is None else number(cpu, "Index")


def system_register(vcpu, name):
    """A register of EL1: from the CPU where the VCpu is resident, else from where it was saved."""
    cpu = resident(vcpu)
    if cpu is not None:
        before = gdb.selected_thread()
        try:
            for thread in gdb.selected_inferior().threads():
                if thread.num == cpu + 1 or thread.ptid[1] == cpu + 1:
                    thread.switch()
                    return control_register(name)
        finally:
            before.switch()
    return int(array(get(get(vcpu, "System"), "_registers"))[SYSTEM[name]])


# ---- translation -------------------------------------------------------------------------------------------------

def control_register(name):
    for known in (name, name.removesuffix("_EL1")):
        try:
            value = gdb.selected_frame().read_register(known)
            return int(value.cast(gdb.lookup_type("unsigned long"))) & (2**64 - 1)
        except (ValueError, gdb.error):
            pass  # QEMU has no level in the names of some
    raise Trouble(f"the target does not show {name}")


def stage2(vm, ipa, say):
    """Walks stage 2; answers the host's address, or None."""
    control = control_register("VTCR_EL2")
    size = 64 - (control & 63)
    level = {0: 2, 1: 1, 2: 0}.get(control >> 6 & 3, 1)
    if ipa >> size:
        say(f"IPA {ipa:#x} is beyond the {size} bits of stage 2")
        return None
    table = number(vm, "TranslationTable") & 0x0000_FFFF_FFFF_FFFE
    first = True
    while True:
        shift = 39 - 9 * level
        index = ipa >> shift if first else ipa >> shift & 511
        first = False
        place = table + 8 * index
        entry = word(place)
        head = f"  level {level} [{index:>4}] at {place:#014x}: {entry:#018x}"
        kind = entry & 3
        if kind in (0, 2) or (kind == 1 and level == 3):
            say(f"{head}  not mapped")
            return None
        if kind == 3 and level < 3:
            table = entry & MASK48
            say(f"{head}  table at {table:#x}")
            level += 1
            continue
        mask = (1 << shift) - 1
        host = (entry & MASK48 & ~mask) | (ipa & mask)
        rights = ("-", "r", "w", "rw")[entry >> 6 & 3]
        execute = "" if entry >> 54 & 1 else "x"
        memory_kind = "device" if (entry >> 4 & 3) == 0 else "normal"
        say(f"{head}  {'page' if level == 3 else 'block'} {rights}{execute} {memory_kind} -> {host:#x}")
        return host


def stage1(vm, vcpu, address, say):
    """Walks stage 1 of a VCpu; answers the IPA, or None."""
    registers = {name: system_register(vcpu, name) for name in ("SCTLR_EL1", "TCR_EL1", "TTBR0_EL1", "TTBR1_EL1")}
    if not registers["SCTLR_EL1"] & 1:
        say("  stage 1 is off: the virtual address is the IPA")
        return address
    control = registers["TCR_EL1"]
    upper = bool(address >> 55 & 1)
    size = 64 - ((control >> 16 if upper else control) & 63)
    granule = {1: 14, 2: 12, 3: 16}.get(control >> 30 & 3, 12) if upper else {0: 12, 1: 16, 2: 14}.get(control >> 14 & 3, 12)
    top = address >> size & ((1 << (55 - size)) - 1) if size < 55 else 0
    if top != (((1 << (55 - size)) - 1) if upper and size < 55 else 0):
        say(f"  {address:#x} is in neither half: TCR_EL1 gives {size} bits")
        return None
    base = registers["TTBR1_EL1" if upper else "TTBR0_EL1"]
    bits = granule - 3
    levels = -(-(size - granule) // bits)
    level = 4 - levels
    mask48 = ((1 << 48) - 1) & ~((1 << granule) - 1)
    table = base & 0x0000_FFFF_FFFF_FFFE
    say(f"  {'TTBR1' if upper else 'TTBR0'}_EL1 {base:#x}, {size} bits, granule {1 << granule - 10} KiB")
    index_bits = size - granule - bits * (levels - 1)
    while True:
        shift = granule + bits * (3 - level)
        index = address >> shift & ((1 << index_bits) - 1)
        index_bits = bits
        place = table + 8 * index
        host = stage2(vm, place, lambda unused: None)
        if host is None:
            say(f"  level {level} [{index:>4}] at IPA {place:#x}: not in stage 2")
            return None
        entry = word(host)
        head = f"  level {level} [{index:>4}] at IPA {place:#014x}: {entry:#018x}"
        if not entry & 1 or (level == 3 and not entry & 2):
            say(f"{head}  not mapped")
            return None
        if level < 3 and entry & 2:
            table = entry & mask48
            say(f"{head}  table at IPA {table:#x}")
            level += 1
            continue
        mask = (1 << shift) - 1
        ipa = (entry & ((1 << 48) - 1) & ~mask) | (address & mask)
        rights = "r" if entry >> 7 & 1 else "rw"
        user = "user" if entry >> 6 & 1 else "kernel"
        say(f"{head}  {'page' if level == 3 else 'block'} {rights} {user} -> IPA {ipa:#x}")
        return ipa


# ---- commands ----------------------------------------------------------------------------------------------------

def cmd_help(unused):
    print("""hv vms              the virtual machines
hv vcpu N           registers of a VCpu: N counts over all machines, as hv vms shows; or hv vcpu VM N
hv s2 VM IPA        walks a machine's stage 2, each level
hv s1 VM VA [N]     walks stage 1 of its VCpu N (0), then stage 2
hv irq VM           its interrupts that are enabled, pending or active
hv esr VALUE        an exception syndrome in words
hv log [N]          the last N lines (20) of the hypervisor's log
hv trace [N]        the last N events (20) of each CPU, where events were traced
$hv_vm("NAME")      a machine's object, for print: while the CPU stands at EL2
VM is a name or a number; addresses may be expressions.""")


def cmd_vms(unused):
    count = 0
    print(f"{'NAME':<20} {'ID':>3} {'VCPUS':>5} {'MEMORY':>9}  VCPU  STATE      CPU  PC")
    for entry in entries():
        definition = get(entry, "Definition")
        vm = get(entry, "_vm")
        megabytes = f"{number(definition, 'Memory') >> 20} MiB"
        print(f"{name_of(entry):<20} {number(entry, 'Id'):>3} {number(definition, 'VCpus'):>5} {megabytes:>9}"
              + ("" if vm is not None else "  defined"))
        for vcpu in [] if vm is None else vcpus_of(vm):
            entity = get(vcpu, "Entity")
            cpu = resident(vcpu)
            print(f"{'':<40}  {count:>4}  {STATES[number(entity, 'State')]:<9}  {'-' if cpu is None else cpu:>3}  {number(vcpu, 'Pc'):#x}")
            count += 1
    if not count:
        print("none of them has VCpus")


def cmd_vcpu(words):
    if len(words) == 1:
        wanted = parse(words[0], "number of a VCpu")
        every = [(name_of(entry), vcpu) for entry in entries() if get(entry, "_vm") is not None for vcpu in vcpus_of(get(entry, "_vm"))]
        if wanted >= len(every):
            raise Trouble(f"there is no VCpu {wanted}: there are {len(every)}, from 0; hv vms shows them")
        name, vcpu = every[wanted]
    elif len(words) == 2:
        all_of = vcpus_of(find_vm(words[0]))
        wanted = parse(words[1], "number of a VCpu")
        if wanted >= len(all_of):
            raise Trouble(f"{words[0]} has no VCpu {wanted}: it has {len(all_of)}, from 0")
        name, vcpu = words[0], all_of[wanted]
    else:
        raise Trouble("hv vcpu N, or hv vcpu VM N")
    cpu = resident(vcpu)
    where = "its registers are saved" if cpu is None else f"on CPU {cpu}: the general ones are those of its last exit"
    print(f"{name} vcpu{number(vcpu, 'Index')}, {STATES[number(get(vcpu, 'Entity'), 'State')]}, {where}")
    line = []
    for i in range(31):
        line.append(f"{'X' + str(i):>4} {number(vcpu, 'X' + str(i)):016x}")
        if len(line) == 4 or i == 30:
            print(" ".join(line))
            line = []
    print(f"  PC {number(vcpu, 'Pc'):016x}  PSTATE {number(vcpu, 'Pstate'):x}")
    for names in (("SCTLR_EL1", "TCR_EL1", "VBAR_EL1"), ("TTBR0_EL1", "TTBR1_EL1", "SP_EL1"), ("ESR_EL1", "FAR_EL1", "ELR_EL1", "SPSR_EL1")):
        print("  " + "  ".join(f"{name} {system_register(vcpu, name):x}" for name in names))
    esr = system_register(vcpu, "ESR_EL1")
    print(f"  last exception at EL1: {describe_esr(esr)}")
    counts = ", ".join(f"{kind.lower()} {number(vcpu, kind + 'Exits')}"
                       for kind in ("Hypercall", "Device", "Register", "Interrupt", "Wait", "Memory", "Other"))
    print(f"  exits: {counts}")


def cmd_s2(words):
    if len(words) != 2:
        raise Trouble("hv s2 VM IPA")
    vm = find_vm(words[0])
    ipa = parse(words[1], "address")
    print(f"IPA {ipa:#x}, stage 2 of {words[0]}, table {number(vm, 'TranslationTable') & MASK48:#x}, VMID {number(vm, 'Vmid')}")
    host = stage2(vm, ipa, print)
    if host is not None:
        print(f"IPA {ipa:#x} is at {host:#x}: {memory(host & ~7, 8)[::-1].hex()}")


def cmd_s1(words):
    if len(words) not in (2, 3):
        raise Trouble("hv s1 VM VA [N]")
    vm = find_vm(words[0])
    address = parse(words[1], "address")
    wanted = parse(words[2], "number of a VCpu") if len(words) == 3 else 0
    vcpus = vcpus_of(vm)
    if wanted >= len(vcpus):
        raise Trouble(f"{words[0]} has no VCpu {wanted}: it has {len(vcpus)}, from 0")
    print(f"VA {address:#x}, stage 1 of {words[0]} vcpu{wanted}")
    ipa = stage1(vm, vcpus[wanted], address, print)
    if ipa is not None:
        print(f"IPA {ipa:#x}, stage 2")
        host = stage2(vm, ipa, print)
        if host is not None:
            print(f"VA {address:#x} is IPA {ipa:#x} is at {host:#x}")


def cmd_irq(words):
    if len(words) != 1:
        raise Trouble("hv irq VM")
    gic = get(find_vm(words[0]), "Gic")
    print(f"{words[0]}: GICv{number(gic, 'Version')}")
    print("  INTID  VCPU  STATE")
    cpus = array(get(gic, "_cpus"))
    rows = [(i, n, state) for n, cpu in enumerate(cpus) for i, state in enumerate(array(get(cpu, "Private")))]
    rows += [(i + 32, None, state) for i, state in enumerate(array(get(gic, "_shared")))]
    shown = 0
    for intid, owner, state in rows:
        flags = {name: bool(int(state[name])) for name in ("Enabled", "Active", "Line", "Latched", "Edge", "Hardware")}
        if not (flags["Enabled"] or flags["Active"] or flags["Latched"] or flags["Line"]):
            continue
        words_of = [word_ for word_, is_so in (
            ("enabled", flags["Enabled"]), ("pending", flags["Latched"] or flags["Line"]), ("active", flags["Active"]),
            ("edge" if flags["Edge"] else "level", True), ("hardware", flags["Hardware"]),
            (f"list register {int(state['Slot']) - 1}", int(state["Slot"]) != 0)) if is_so]
        print(f"  {intid:>5}  {'-' if owner is None else owner:>4}  {' '.join(words_of)}, priority {int(state['Priority']):#04x}")
        shown += 1
    if not shown:
        print("  none is enabled, pending or active")


def cmd_esr(words):
    if len(words) != 1:
        raise Trouble("hv esr VALUE")
    value = parse(words[0], "number")
    print(f"ESR {value:#010x}: {describe_esr(value)}")


def cmd_log(words):
    wanted = parse(words[0], "number of lines") if words else 20
    history = reference("Debug_Log", "s_history")
    if history is None:
        raise Trouble("the hypervisor keeps no log yet: let it run on")
    ring = get(history.cast(type_of("Console_LogHistory")), "_lines")
    data = bytes_of(get(ring, "_bytes"))
    end = number(ring, "End")
    start = max(0, end - len(data))
    text = bytes(data[i % len(data)] for i in range(start, end)).decode("ascii", "replace")
    print("\n".join(text.rstrip("\n").split("\n")[-wanted:]) if wanted else "")


def cmd_trace(words):
    wanted = parse(words[0], "number of events") if words else 20
    cpus = reference("Machine_Hypervisor", "s_cpus")
    if cpus is None:
        raise Trouble("the hypervisor has no CPUs yet: let it run on")
    names = {number(entry, "Id") & 0xFFFF: name_of(entry) for entry in entries()}
    shown = 0
    for cpu in array(cpus):
        if cpu is None:
            continue
        header = int(get(get(cpu, "Trace"), "_header"))
        records, end = word(header), word(header + 8)
        if not records:
            continue
        for position in range(max(0, end - wanted, end - 8190), end):
            data = memory(records + position % 8192 * 32, 32)
            time, what, first, second = (int.from_bytes(data[i:i + 8], "little") for i in (0, 8, 16, 24))
            kind, vcpu, vm = what & 255, what >> 8 & 255, what >> 16 & 0xFFFF
            who = f"{names.get(vm, vm)} vcpu{vcpu}" if vm else ""
            detail = {0: f"{first:#x} {describe_esr(what >> 32)}", 2: f"{first:#x} INTID {second}", 3: f"INTID {second}",
                      5: STATES[first] if first < len(STATES) else str(first), 8: f"{second} value {first:#x}", 9: f"{first:#x}",
                      10: f"{first:#x} {second:#x}"}.get(kind, "")
            print(f"cpu{number(cpu, 'Index')} {time} {who:<16} {KINDS[kind] if kind < len(KINDS) else kind} {detail}".rstrip())
            shown += 1
    if not shown:
        print("nothing was traced: 'trace on' at the hypervisor's prompt, or hvctl trace, begins")


COMMANDS = {"help": (cmd_help, False), "vms": (cmd_vms, True), "vcpu": (cmd_vcpu, True), "s2": (cmd_s2, True), "s1": (cmd_s1, True),
            "irq": (cmd_irq, True), "esr": (cmd_esr, False), "log": (cmd_log, True), "trace": (cmd_trace, True)}


class Hv(gdb.Command):
    """The hypervisor's state in its own words; hv help lists what there is."""

    def __init__(self):
        super().__init__("hv", gdb.COMMAND_DATA)

    def complete(self, text, word_):
        return [name for name in COMMANDS if name.startswith(word_ or "")] if len(text.split()) <= 1 else gdb.COMPLETE_NONE

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument) or ["help"]
        command, needs_target = COMMANDS.get(words[0], (None, False))
        try:
            if command is None:
                raise Trouble(f"there is no command '{words[0]}'; hv help lists them")
            if needs_target:
                need_target()
                with Physical():
                    command(words[1:])
            else:
                command(words[1:])
        except Trouble as trouble:
            raise gdb.GdbError(f"hv: {trouble}") from None
        except gdb.error as error:
            raise gdb.GdbError(f"hv: {error}") from None


class HvVm(gdb.Function):
    """$hv_vm("NAME"): the object of a virtual machine. Read it while the CPU stands at EL2."""

    def __init__(self):
        super().__init__("hv_vm")

    def invoke(self, name):
        try:
            need_target()
            with Physical():
                return find_vm(name.string() if name.type.code == gdb.TYPE_CODE_ARRAY else str(int(name)))
        except Trouble as trouble:
            raise gdb.GdbError(f"hv: {trouble}") from None


Hv()
HvVm()

import printers  # noqa: E402,F401  (registers itself)
