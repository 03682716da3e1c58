"""Example cells from papers, one in each file. Copy a file and change it to make your own cell."""
