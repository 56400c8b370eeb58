"""An arrangement of views with one slice view beside two plots, loss above Dice, and the way back."""

LAYOUT_ID = 5716
"""Slicer's own are below 1000; others' are drawn at random as well."""
PLOT_VIEWS = {"loss": "HLFDLoss", "dice": "HLFDDice"}
"""Chart -> tag of the view that shows it."""

DESCRIPTION = """
<layout type="horizontal" split="true">
 <item>
  <view class="vtkMRMLSliceNode" singletontag="Red">
   <property name="orientation" action="default">Axial</property>
   <property name="viewlabel" action="default">R</property>
   <property name="viewcolor" action="default">#F34A33</property>
  </view>
 </item>
 <item>
  <layout type="vertical" split="true">
   <item>
    <view class="vtkMRMLPlotViewNode" singletontag="HLFDLoss">
     <property name="viewlabel" action="default">L</property>
    </view>
   </item>
   <item>
    <view class="vtkMRMLPlotViewNode" singletontag="HLFDDice">
     <property name="viewlabel" action="default">D</property>
    </view>
   </item>
  </layout>
 </item>
</layout>
"""


class PlotLayout:
    """Shows and leaves the arrangement; `layoutManager` is Slicer's.

    The layout node is asked for anew each time: a closed scene has another one.
    """

    def __init__(self, layoutManager):
        self._manager = layoutManager
        self._before: int | None = None

    @property
    def isShown(self) -> bool:
        """Whether this arrangement is shown now."""
        return self._node().GetViewArrangement() == LAYOUT_ID

    def show(self, scene, chartIds: dict[str, str]) -> None:
        """Show charts: "loss" and "dice" -> id of the chart node."""
        node = self._node()
        if not node.IsLayoutDescription(LAYOUT_ID):
            node.AddLayoutDescription(LAYOUT_ID, DESCRIPTION)
        if not self.isShown:
            self._before = node.GetViewArrangement()
            self._manager.setLayout(LAYOUT_ID)
        self.useCharts(scene, chartIds)

    def useCharts(self, scene, chartIds: dict[str, str]) -> None:
        """Let the plot views show other charts; they must have been shown once."""
        for kind, tag in PLOT_VIEWS.items():
            view = scene.GetSingletonNode(tag, "vtkMRMLPlotViewNode")
            if view is not None:
                view.SetPlotChartNodeID(chartIds.get(kind, ""))

    def leave(self) -> None:
        """Go back to the arrangement of before; another that was chosen meanwhile stays."""
        if self.isShown:
            self._manager.setLayout(self._before or self._node().SlicerLayoutFourUpView)

    def _node(self):
        return self._manager.layoutLogic().GetLayoutNode()
