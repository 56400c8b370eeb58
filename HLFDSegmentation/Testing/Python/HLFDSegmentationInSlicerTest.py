"""What can only be seen inside of Slicer: run by ctest, and by `slicer.testing.runUnitTest` by hand."""

import unittest

import slicer


class HLFDSegmentationInSlicerTest(unittest.TestCase):
    def test_the_module_is_loaded_and_its_backend_lies_where_it_looks(self):
        from HLFDSegmentationLib.BackendPlace import backendFolder

        self.assertIsNotNone(slicer.modules.hlfdsegmentation)
        self.assertTrue((backendFolder() / "hlfd" / "cli.py").is_file())

    def test_the_panel_can_be_made_reloaded_and_left_as_scenes_close(self):
        for _again in range(2):
            slicer.util.selectModule("HLFDSegmentation")
            slicer.mrmlScene.Clear(0)
            slicer.util.reloadScriptedModule("HLFDSegmentation")
        widget = slicer.util.getModuleWidget("HLFDSegmentation")
        self.assertEqual(set(widget.panels), {"segment", "cases", "distil", "models", "backend"})
