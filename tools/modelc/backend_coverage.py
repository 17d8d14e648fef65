"""The report of `modelc --coverage`: how many explicit messages have an implementation.

The messages of 6.2 are those its documentation lists; hidden ones count only in all.
"""


def report(model):
    lines, done_62, all_62, done_all, count_all = [], 0, 0, 0, 0
    for owner in model.classes:
        messages = owner.messages
        old = [m for m in messages if 'hidden' not in m.flags and
               model.in_release('clearwater', owner.life, m.life)]
        done = [m for m in messages if m.impl or m.generic]
        done_old = [m for m in old if m.impl or m.generic]
        if messages:
            lines.append(f'{owner.name:24} 6.2: {len(done_old):3} of {len(old):3}   '
                         f'all: {len(done):3} of {len(messages):3}')
        done_62 += len(done_old)
        all_62 += len(old)
        done_all += len(done)
        count_all += len(messages)
    lines.append(f'6.2 explicit: {done_62} of {all_62}; all: {done_all} of {count_all}')
    return '\n'.join(lines) + '\n'
