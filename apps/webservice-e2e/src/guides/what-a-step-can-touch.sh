# The page describes steps under bubblewrap (bwrap).
