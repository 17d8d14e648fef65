"""What the functional tests share.

    wait       deadlines; nothing here sleeps
    sandbox    a network of its own for the test program
    api        XenAPI over JSON-RPC
    daemon     one clearwaterd with its own root directory
    console    a shell in a guest, through its serial console
    guest      virtual machines that run the demo guest
    case       the unittest base class: cleans up, and shows the logs of what failed
"""
