"""A perfect hash by displacement: two tables of small numbers find any name in one probe.

The functions here and their C twins in backend_dispatch.py must agree.
"""

FNV_OFFSET = 0xcbf29ce484222325
FNV_PRIME = 0x100000001b3
MASK = (1 << 64) - 1


def hash_name(name):
    """FNV-1a over the name; 'VM.start' and 'VM_start' are the same."""
    value = FNV_OFFSET
    for byte in name.replace('.', '_').encode():
        value = ((value ^ byte) * FNV_PRIME) & MASK
    return value ^ (value >> 32)


def slot_of(value, displacement, slots):
    return ((value >> 16) + displacement * ((value >> 40) | 1)) % slots


def build(names):
    """(displacements, slots): slot -> index of the name, or len(names) when free."""
    slot_count = 1 << max(1, (len(names) * 3 // 2).bit_length())
    bucket_count = max(1, slot_count // 4)
    buckets = [[] for _ in range(bucket_count)]
    for index, name in enumerate(names):
        value = hash_name(name)
        buckets[value % bucket_count].append((index, value))
    displacements, slots = [0] * bucket_count, [len(names)] * slot_count
    for bucket in sorted(range(bucket_count), key=lambda b: -len(buckets[b])):
        displacements[bucket] = place(buckets[bucket], slots, len(names))
    return displacements, slots


def place(members, slots, free):
    for displacement in range(0x10000):
        wanted = [slot_of(value, displacement, len(slots)) for _, value in members]
        if len(set(wanted)) == len(wanted) and all(slots[s] == free for s in wanted):
            for slot, (index, _) in zip(wanted, members):
                slots[slot] = index
            return displacement
    raise ValueError('two method names have the same hash')
