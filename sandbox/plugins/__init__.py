"""Stand-ins for the provider plugins of Pulumi, for machines that cannot download the real ones.

They speak to the simulated tenant as the real ones speak to Microsoft, know only the resource
types that the stack uses, and refuse every other type, function and property by name. They refuse
to serve anything but the sandbox.
"""
